import { z } from "zod";
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from "zod-openapi";
import { ERROR_CODES, type ErrorCode } from "@/lib/domain/errors";
import { PERMISSIONS } from "@/lib/domain/permissions";
import { env } from "@/lib/platform/env";
import { STATUS_OF } from "./errors";
import {
  BYTES_BODY,
  EMPTY_ANSWER,
  FILE_ANSWER,
  FORM_BODY,
  IMAGE_BODY,
  readsJson,
  type AnyOperation,
} from "./operation";
import { allOperations } from "./operations";

const problem = z
  .looseObject({
    error: z.string().meta({ description: "What is the matter and what to do next." }),
    code: z.enum(ERROR_CODES),
    requestId: z.string(),
    receiptId: z.string().optional().meta({ description: "The receipt of the purge, with code purged." }),
    restorableUntil: z.string().optional().meta({ description: "Until when it can be restored, for things in Trash." }),
  })
  .meta({ id: "Error" });

/** The same, as the upload of an image says it. */
const objectProblem = problem
  .omit({ error: true })
  .extend({
    error: z.looseObject({ message: z.string(), code: z.enum(ERROR_CODES) }),
    message: z.string().meta({ description: "What is the matter and what to do next." }),
  })
  .meta({ id: "UploadError" });

const EVERYWHERE: readonly ErrorCode[] = ["busy", "internal"];

/** What each kind of caller can be refused with beside the operation's own. */
const REFUSALS_OF = {
  key: ["unauthorized", "missing_scope"],
  scheduler: ["unauthorized"],
  everybody: [],
} as const satisfies Record<AnyOperation["caller"]["by"], readonly ErrorCode[]>;

const SECURITY_OF = {
  key: [{ apiKey: [] }, { bearer: [] }],
  scheduler: [{ cronSecret: [] }],
  everybody: [],
} satisfies Record<AnyOperation["caller"]["by"], Record<string, string[]>[]>;

function describeScopes({ caller }: AnyOperation): string {
  if (caller.by !== "key") return "";
  const scopes = caller.permissions.map((permission) => `\`${PERMISSIONS[permission].scope}\``);
  return scopes.length > 0 ? `Scope: ${scopes.join(" or ")}.` : "Any valid key.";
}

const file = z.string().meta({ format: "binary" });

const base64 = z.string().meta({ description: "Nothing but the image in base64." });

const fileForm = z.object({
  file: z.string().meta({ format: "binary" }),
  name: z.string().optional(),
  split: z.string().optional(),
});

function describeBody(operation: AnyOperation): Pick<ZodOpenApiOperationObject, "requestBody"> {
  if (readsJson(operation))
    return {
      requestBody: { required: !operation.bodyOptional, content: { "application/json": { schema: operation.body } } },
    };
  if (operation.body === BYTES_BODY)
    return { requestBody: { required: true, content: { "application/octet-stream": { schema: file } } } };
  if (operation.body === IMAGE_BODY)
    return {
      requestBody: {
        required: false,
        content: {
          "multipart/form-data": { schema: z.object({ file }) },
          "image/*": { schema: file },
          "application/x-www-form-urlencoded": { schema: base64 },
        },
      },
    };
  return operation.body === FORM_BODY
    ? { requestBody: { required: true, content: { "multipart/form-data": { schema: fileForm } } } }
    : {};
}

function describeAnswer({ answer }: AnyOperation): ZodOpenApiOperationObject["responses"] {
  if (answer === EMPTY_ANSWER) return { "204": { description: "Done" } };
  return {
    "200": {
      description: "OK",
      content:
        answer === FILE_ANSWER
          ? { "application/zip": { schema: file }, "application/octet-stream": { schema: file } }
          : { "application/json": { schema: answer } },
    },
  };
}

function describeOperation(operation: AnyOperation): ZodOpenApiOperationObject {
  const codes = [...new Set([...REFUSALS_OF[operation.caller.by], ...operation.refusals, ...EVERYWHERE])];
  const statuses = [...new Set(codes.map((code) => STATUS_OF[code]))].sort();
  const refusals = statuses.map((status) => [
    String(status),
    {
      description: codes.filter((code) => STATUS_OF[code] === status).join(", "),
      content: { "application/json": { schema: operation.errors === "object" ? objectProblem : problem } },
    },
  ]);
  const description = [operation.description, describeScopes(operation)].filter(Boolean).join(" ");
  return {
    operationId: operation.id,
    tags: [operation.tag],
    summary: operation.summary,
    ...(description ? { description } : {}),
    security: SECURITY_OF[operation.caller.by],
    requestParams: { path: operation.params, query: operation.query },
    ...describeBody(operation),
    responses: {
      ...describeAnswer(operation),
      ...(operation.accepted
        ? {
            "202": {
              description: "Under way: ask again",
              content: { "application/json": { schema: operation.accepted } },
            },
          }
        : {}),
      ...Object.fromEntries(refusals),
    },
  };
}

/** The REST API in OpenAPI 3.1, made from the table and the schemas that validate it. */
export function openApiDocument(): { openapi: string; [field: string]: unknown } {
  const paths: ZodOpenApiPathsObject = {};
  for (const operation of allOperations)
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method.toLowerCase()]: describeOperation(operation),
    };
  const document = createDocument({
    openapi: "3.1.0",
    info: {
      title: "Reprieve",
      version: "1",
      description:
        "The home of dataset versions: deleting is safe, restoring is exact, purging is provable. Speaks to the official Roboflow client as well: set its API_URL to this server.",
    },
    servers: [{ url: `${env().publicUrl}/api` }],
    components: {
      securitySchemes: {
        apiKey: { type: "apiKey", in: "query", name: "api_key" },
        bearer: { type: "http", scheme: "bearer", description: "The same key as a header." },
        cronSecret: { type: "http", scheme: "bearer", description: "CRON_SECRET of the server." },
      },
    },
    paths,
  });
  return { ...document };
}
