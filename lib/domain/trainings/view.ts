import type { Prisma } from "@/lib/platform/generated/client";
import type { TrainerKind, TrainingStatus } from "@/lib/platform/generated/enums";
import type { Epoch } from "./runs";

export interface TrainingView {
  id: string;
  number: number;
  status: TrainingStatus;
  /** Why it was cancelled or failed: a word that the pages know, or what a trainer elsewhere said. */
  statusReason: string | null;
  /** Who makes it: our own trainer, or one that leases runs over HTTP. */
  trainer: TrainerKind;
  modelType: string;
  /** The last one finished. */
  epoch: number;
  epochs: number;
  /** The finished epochs, in order. */
  curve: Epoch[];
  /** It ends after the running epoch and keeps what it learned. */
  stopAsked: boolean;
  createdAt: Date;
  startedAt: Date | null;
  endedAt: Date | null;
  modelSlug: string | null;
  /** Of its model, as its trainer measured them; {} without one. */
  metrics: Record<string, unknown>;
}

/** What viewTraining is made of. */
export const TRAINING_COLUMNS = {
  id: true,
  number: true,
  status: true,
  statusReason: true,
  trainer: true,
  modelType: true,
  epoch: true,
  epochs: true,
  curve: true,
  stopAskedAt: true,
  createdAt: true,
  startedAt: true,
  endedAt: true,
  models: { select: { id: true, slug: true, metrics: true } },
} satisfies Prisma.TrainingSelect;

/** A training's row as pages and the API know it. */
export function viewTraining({
  models: [model],
  stopAskedAt,
  curve,
  ...training
}: Prisma.TrainingGetPayload<{ select: typeof TRAINING_COLUMNS }>): TrainingView {
  return {
    ...training,
    curve: curve as unknown as Epoch[], // written by heartbeatTraining alone
    stopAsked: stopAskedAt !== null,
    modelSlug: model?.slug ?? null,
    metrics: (model?.metrics ?? {}) as Record<string, unknown>, // written by finishTraining alone
  };
}
