import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { readAuditEvents, type AuditEvent, type AuditFilter } from "@/lib/domain/workspaces";
import { csvRow } from "@/lib/doors/csv";

/** An event as a download has it: the names are for programs, and stay as they are in every language. */
const present = (event: AuditEvent) => ({
  at: event.at,
  action: event.action,
  actor_type: event.actorType.toLowerCase(),
  actor_id: event.actorId,
  actor_name: event.actorName,
  key_name: event.keyName,
  item_type: event.targetType,
  item_id: event.targetId,
  item_name: event.targetName,
  details: event.details,
  event_id: event.id,
  request_id: event.requestId,
});

const COLUMNS = [
  "at",
  "action",
  "actor_type",
  "actor_id",
  "actor_name",
  "key_name",
  "item_type",
  "item_id",
  "item_name",
  "details",
  "event_id",
  "request_id",
] as const satisfies readonly (keyof ReturnType<typeof present>)[];

type Batches = AsyncIterable<AuditEvent[]>;

/** Spreadsheets take a file for UTF-8 only when it begins with this mark. */
const BYTE_ORDER_MARK = "\uFEFF";

const WRITERS = {
  csv: {
    type: "text/csv; charset=utf-8",
    async *write(batches: Batches) {
      yield BYTE_ORDER_MARK + csvRow(COLUMNS);
      for await (const batch of batches)
        yield batch
          .map(present)
          .map((event) => csvRow(COLUMNS.map((column) => event[column])))
          .join("");
    },
  },
  json: {
    type: "application/json; charset=utf-8",
    async *write(batches: Batches) {
      let before = "[\n";
      for await (const batch of batches) {
        yield before + batch.map((event) => JSON.stringify(present(event))).join(",\n");
        before = ",\n";
      }
      yield before === "[\n" ? "[]\n" : "\n]\n";
    },
  },
} as const;

/**
 * The audit log, or what of it fits a filter, as a file of any size, newest first. It is read as fast as it is taken, a
 * batch at a time; one that breaks off ends the connection, so that no part is taken for the whole. Throws as
 * readAuditEvents before the first byte, and `not_found` for another format.
 */
export async function downloadAuditLog(
  ctx: Context,
  input: AuditFilter & { workspaceSlug: string },
  format: string,
): Promise<Response> {
  const events = readAuditEvents(ctx, input);
  const first = await events.next();
  if (format !== "csv" && format !== "json")
    throw new DomainError("not_found", "The log can be downloaded as csv or json.");
  const { type, write } = WRITERS[format];
  const chunks = write(from(first, events));
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await chunks.return();
    },
  });
  const name = `audit-log-${input.workspaceSlug}-${ctx.now.toISOString().slice(0, 10)}.${format}`;
  return new Response(body, {
    headers: { "Content-Type": type, "Content-Disposition": `attachment; filename="${name}"` },
  });
}

/** All that comes of what was begun. */
async function* from<T>(first: IteratorResult<T, void>, rest: AsyncGenerator<T, void>): AsyncGenerator<T, void> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}
