import { expect, test } from "vitest";
import { connectSecond } from "@/lib/testing/database";
import { listenForTrainers, notifyTrainers } from "./notify";

test("whoever listens hears of each word once, looks at once when the connection stands, and lets go when told to", async () => {
  const stop = new AbortController();
  let heard = 0;
  let wake = () => {};
  const hears = (count: number) =>
    new Promise<void>((resolve) => {
      wake = () => heard >= count && resolve();
      wake();
    });
  const listening = listenForTrainers(() => {
    heard += 1;
    wake();
  }, stop.signal);
  await hears(1);
  await notifyTrainers();
  await hears(2);
  await notifyTrainers();
  await hears(3);
  expect(heard).toBe(3);

  stop.abort();
  await listening;
  const other = await connectSecond();
  const listeners = await other.query(
    "select 1 from pg_stat_activity where application_name = 'reprieve-listener' and datname = current_database()",
  );
  await other.end();
  expect(listeners).toEqual([]);
});
