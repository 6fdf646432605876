"use client";

import { useEffect, useId, useRef, type ReactNode } from "react";

const EDGE_PX = 8;

/**
 * A short explanation of one control, on hover and focus; Escape hides it. Screen readers hear it as the description of
 * the control that takes `describedBy`: `{(describedBy) => <button aria-describedby={describedBy}>…}`.
 */
export function Tooltip({ content, children }: { content: ReactNode; children: (describedBy: string) => ReactNode }) {
  const id = useId();
  const anchor = useRef<HTMLSpanElement>(null);
  const bubble = useRef<HTMLSpanElement>(null);

  function show(): void {
    if (!anchor.current || !bubble.current) return;
    bubble.current.showPopover();
    const [at, size] = [anchor.current.getBoundingClientRect(), bubble.current.getBoundingClientRect()];
    const left = Math.min(
      Math.max(at.left + (at.width - size.width) / 2, EDGE_PX),
      window.innerWidth - size.width - EDGE_PX,
    );
    const above = at.top - size.height >= EDGE_PX;
    Object.assign(bubble.current.style, { left: `${left}px`, top: `${above ? at.top - size.height : at.bottom}px` });
  }
  const hide = () => bubble.current?.hidePopover();

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => void (event.key === "Escape" && hide());
    window.addEventListener("keydown", onKey);
    window.addEventListener("scroll", hide, { capture: true, passive: true });
    return () => {
      window.removeEventListener("keydown", onKey);
      window.removeEventListener("scroll", hide, { capture: true });
    };
  }, []);

  return (
    <span ref={anchor} className="inline-flex" onMouseEnter={show} onMouseLeave={hide} onFocus={show} onBlur={hide}>
      {children(id)}
      <span ref={bubble} id={id} role="tooltip" popover="manual" className="fixed m-0 max-w-72 bg-transparent py-1.5">
        <span className="block animate-appear rounded-md border border-line bg-raised px-2.5 py-1.5 text-sm text-ink shadow-raised">
          {content}
        </span>
      </span>
    </span>
  );
}
