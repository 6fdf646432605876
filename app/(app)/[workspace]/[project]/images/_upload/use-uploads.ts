"use client";

import { useSyncExternalStore } from "react";
import { UploadQueue, type UploadState } from "./queue";
import { uploadTarget, type Destination } from "./target";

/** One for each project, for as long as this page of the browser lives: an upload goes on while one looks elsewhere. */
const queues = new Map<string, UploadQueue>();

function queueFor(destination: Destination): UploadQueue {
  const known = queues.get(destination.url);
  if (known) return known;
  const queue = new UploadQueue(uploadTarget(destination));
  queues.set(destination.url, queue);
  return queue;
}

/** The uploads to a project, and how they stand. */
export function useUploads(destination: Destination): { queue: UploadQueue; state: UploadState } {
  const queue = queueFor(destination);
  return { queue, state: useSyncExternalStore(queue.subscribe, queue.snapshot, queue.snapshot) };
}
