/** The product's sign, as scripts/icons.mjs draws it; its name stands beside it. */
export function Mark({ className }: { className?: string }) {
  return (
    <svg aria-hidden viewBox="0 0 32 32" className={className}>
      <rect width="32" height="32" rx="8" className="fill-accent-solid" />
      <path
        d="M9 12h9a5.5 5.5 0 0 1 0 11h-6M13 7.5 8.5 12l4.5 4.5"
        fill="none"
        strokeWidth="2.6"
        strokeLinecap="round"
        strokeLinejoin="round"
        className="stroke-on-solid"
      />
    </svg>
  );
}
