import type { Following } from "@/app/_ui/use-live";
import type { TrainingView } from "@/lib/domain/trainings";

type Instants = "createdAt" | "startedAt" | "endedAt";

/** A training as it comes with the page, or over the wire. */
export type Run = Omit<TrainingView, Instants> & {
  [Instant in Instants]: Date | string | (null extends TrainingView[Instant] ? null : never);
};

export const isOpen = ({ endedAt }: Run): boolean => endedAt === null;

const openIds = (runs: readonly Run[]): string =>
  runs
    .filter(isOpen)
    .map(({ id }) => id)
    .join();

/** The trainings of a version, while one is open. Where one began or ended the page is fetched anew: models come and go with that. */
export const LIVE_RUNS: Following<readonly Run[]> = {
  isOpen: (runs) => runs.some(isOpen),
  read: (answer) => (answer as { trainings: Run[] | null }).trainings,
  outdates: (runs, known) => openIds(runs) !== openIds(known),
};
