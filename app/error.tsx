"use client";

import { Failure } from "./_ui/failure";

export default function ErrorPage(props: { error: unknown; retry: () => void }) {
  return (
    <main id="main" tabIndex={-1}>
      <Failure {...props} />
    </main>
  );
}
