import { cn } from "@/app/_ui/class-names";

/** What is marked on an image: a class, and pixels of the image from its top left corner. */
export interface MarkedBox {
  label: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Neighbours in the list of classes get hues far apart (the golden angle), bright enough to show on any photograph. */
export const colourOf = (label: string, classes: readonly string[]): string =>
  `oklch(0.78 0.17 ${Math.round((25 + Math.max(classes.indexOf(label), 0) * 137.508) % 360)})`;

interface Props {
  /** The image's own pixels, which the boxes are in. */
  width: number;
  height: number;
  boxes: readonly MarkedBox[];
  classes: readonly string[];
  /** The box to point out. */
  chosen?: number | null;
  /** Each box carries its class's name. */
  named?: boolean;
}

/**
 * The boxes of an image, over an `<img>` of the same shape or in `object-contain`. For who sees: the image's
 * alternative text, or a list beside it, says what they are.
 */
export function Boxes({ width, height, boxes, classes, chosen = null, named = false }: Props) {
  return (
    <>
      <svg aria-hidden viewBox={`0 0 ${width} ${height}`} className="pointer-events-none absolute inset-0 size-full">
        {boxes.map((box, index) => (
          <g key={index} opacity={chosen === null || chosen === index ? 1 : 0.35}>
            <rect
              x={box.x}
              y={box.y}
              width={box.width}
              height={box.height}
              fill="none"
              stroke="rgb(0 0 0 / 0.6)"
              strokeWidth={named ? 4 : 2}
              vectorEffect="non-scaling-stroke"
            />
            <rect
              x={box.x}
              y={box.y}
              width={box.width}
              height={box.height}
              fill={chosen === index ? colourOf(box.label, classes) : "none"}
              fillOpacity={0.2}
              stroke={colourOf(box.label, classes)}
              strokeWidth={named ? 2 : 1.25}
              vectorEffect="non-scaling-stroke"
            />
          </g>
        ))}
      </svg>
      {named
        ? boxes.map((box, index) => (
            <span
              key={index}
              aria-hidden
              className={cn(
                "pointer-events-none absolute max-w-40 truncate rounded-sm px-1 text-xs leading-4 font-medium text-[#111]",
                box.y / height > 0.06 && "-translate-y-full",
                chosen !== null && chosen !== index && "opacity-35",
              )}
              style={{
                left: `${(box.x / width) * 100}%`,
                top: `${(box.y / height) * 100}%`,
                background: colourOf(box.label, classes),
              }}
            >
              {box.label}
            </span>
          ))
        : null}
    </>
  );
}
