"use client";

import { useTranslations } from "next-intl";
import { useEffect, useRef, type PointerEvent } from "react";
import { Button } from "@/app/_ui/button";
import { fitDrawing } from "./fit-drawing";

const SIDE_PX = 280;
/** As thick as the strokes of handwritten digits that fill such a square. */
const STROKE_PX = 24;
/** Between one stroke and the next of the same drawing nothing is asked. */
const REST_MS = 350;
const [DARK, LIGHT] = ["#000000", "#ffffff"];

/** Somewhere to draw with mouse, pen or finger. Hands out the drawing, fitted, as a PNG once the hand rests, null when it is cleared. */
export function DrawingPad({ lightOnDark, onDrawn }: { lightOnDark: boolean; onDrawn: (image: Blob | null) => void }) {
  const t = useTranslations("tryIt");
  const canvas = useRef<HTMLCanvasElement>(null);
  const last = useRef<{ x: number; y: number } | null>(null);
  const resting = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const [ground, ink] = lightOnDark ? [DARK, LIGHT] : [LIGHT, DARK];

  useEffect(() => {
    wipe(canvas.current, ground);
    return () => clearTimeout(resting.current);
  }, [ground]);

  function begin(event: PointerEvent<HTMLCanvasElement>): void {
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    clearTimeout(resting.current);
    last.current = placeOf(event.currentTarget, event);
    drawTo(event.currentTarget, last.current, last.current, ink);
  }
  function move(event: PointerEvent<HTMLCanvasElement>): void {
    if (!last.current) return;
    for (const point of event.nativeEvent.getCoalescedEvents?.() ?? [event]) {
      const place = placeOf(event.currentTarget, point);
      drawTo(event.currentTarget, last.current, place, ink);
      last.current = place;
    }
  }
  function end(event: PointerEvent<HTMLCanvasElement>): void {
    if (!last.current) return;
    last.current = null;
    const drawn = event.currentTarget;
    resting.current = setTimeout(() => fitDrawing(drawn, ground, lightOnDark)?.toBlob(onDrawn, "image/png"), REST_MS);
  }
  function clear(): void {
    clearTimeout(resting.current);
    wipe(canvas.current, ground);
    onDrawn(null);
  }

  return (
    <div className="grid justify-items-start gap-2">
      <canvas
        ref={canvas}
        width={SIDE_PX}
        height={SIDE_PX}
        role="img"
        aria-label={t("pad")}
        className="aspect-square w-full max-w-56 cursor-crosshair touch-none rounded-lg border border-control"
        onPointerDown={begin}
        onPointerMove={move}
        onPointerUp={end}
        onPointerCancel={end}
      />
      <p className="text-sm text-muted">{t("padHelp")}</p>
      <Button size="sm" onClick={clear}>
        {t("clear")}
      </Button>
    </div>
  );
}

/** In the canvas's own pixels. */
function placeOf(
  canvas: HTMLCanvasElement,
  { clientX, clientY }: { clientX: number; clientY: number },
): { x: number; y: number } {
  const box = canvas.getBoundingClientRect();
  return { x: ((clientX - box.left) / box.width) * SIDE_PX, y: ((clientY - box.top) / box.height) * SIDE_PX };
}

function drawTo(
  canvas: HTMLCanvasElement,
  from: { x: number; y: number },
  to: { x: number; y: number },
  ink: string,
): void {
  const pen = canvas.getContext("2d");
  if (!pen) return;
  Object.assign(pen, { strokeStyle: ink, lineWidth: STROKE_PX, lineCap: "round", lineJoin: "round" });
  pen.beginPath();
  pen.moveTo(from.x, from.y);
  pen.lineTo(to.x, to.y);
  pen.stroke();
}

function wipe(canvas: HTMLCanvasElement | null, ground: string): void {
  const pen = canvas?.getContext("2d");
  if (!pen) return;
  pen.fillStyle = ground;
  pen.fillRect(0, 0, SIDE_PX, SIDE_PX);
}
