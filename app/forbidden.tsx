import { Forbidden } from "./_ui/forbidden";

export default function ForbiddenPage() {
  return (
    <main id="main" tabIndex={-1}>
      <Forbidden />
    </main>
  );
}
