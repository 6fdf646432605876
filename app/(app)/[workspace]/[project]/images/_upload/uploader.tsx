"use client";

import { ChevronDown, FileImage, Folder, Upload } from "lucide-react";
import { useTranslations } from "next-intl";
import dynamic from "next/dynamic";
import { useEffect, useRef, useState } from "react";
import { Button } from "@/app/_ui/button";
import { Menu, MenuContent, MenuItem, MenuTrigger } from "@/app/_ui/menu";
import { toastError } from "@/app/_ui/toast";
import { sortFiles, type Intake, type IntakeLimits } from "@/lib/work/uploads/intake";
import type { UploadQueue } from "./queue";
import type { UploadFile } from "@/lib/work/uploads/upload-file";
import { ACCEPTED_FILES } from "@/lib/work/uploads/placing";
import type { NameEncoding } from "@/lib/work/uploads/zip-names";
import { droppedFiles, filesOf } from "./dropped-files";

const ReviewDialog = dynamic(async () => (await import("./review-dialog")).ReviewDialog, { ssr: false });

interface Props {
  project: string;
  queue: UploadQueue;
  labels: boolean;
  classes: readonly string[];
  limits: IntakeLimits;
  imageMegabytes: number;
  /** After the upload began. */
  onBegin: () => void;
}

/** The button that uploads, and the whole page as a place to drop files, folders and zips on. */
export function Uploader({ project, queue, labels, classes, limits, imageMegabytes, onBegin }: Props) {
  const t = useTranslations("images.upload");
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const [review, setReview] = useState<{ intake: Intake | null } | null>(null);
  const chosen = useRef<UploadFile[]>([]);
  const reading = useRef(0);

  async function take(list: AsyncIterable<UploadFile> | Iterable<UploadFile>): Promise<void> {
    setReview({ intake: null });
    await read(async () => {
      const all: UploadFile[] = [];
      for await (const file of list) all.push(file);
      chosen.current = all;
    });
  }
  /** Reads what was chosen, names in zips as `encoding` if one is given; what is shown stays until it is read. */
  async function read(before: () => Promise<void>, encoding?: NameEncoding): Promise<void> {
    const mine = ++reading.current;
    try {
      await before();
      const intake = await sortFiles(chosen.current, limits, encoding);
      if (mine === reading.current) setReview({ intake });
    } catch {
      if (mine !== reading.current) return;
      setReview(null);
      toastError(t("readFailed"));
    }
  }
  function close(): void {
    reading.current += 1;
    setReview(null);
  }

  const dragging = useDrop((transfer) => void take(droppedFiles(transfer)));

  return (
    <>
      <Menu>
        <MenuTrigger asChild>
          <Button variant="primary">
            <Upload aria-hidden />
            {t("upload")}
            <ChevronDown aria-hidden />
          </Button>
        </MenuTrigger>
        <MenuContent align="end">
          <MenuItem onSelect={() => files.current?.click()}>
            <FileImage aria-hidden />
            {t("chooseFiles")}
          </MenuItem>
          <MenuItem onSelect={() => folder.current?.click()}>
            <Folder aria-hidden />
            {t("chooseFolder")}
          </MenuItem>
        </MenuContent>
      </Menu>
      {[
        { ref: files, folder: false, label: t("chooseFiles") },
        { ref: folder, folder: true, label: t("chooseFolder") },
      ].map(({ ref, folder, label }) => (
        <input
          key={label}
          ref={ref}
          type="file"
          multiple
          hidden
          aria-label={label}
          {...(folder ? { webkitdirectory: "" } : { accept: ACCEPTED_FILES })}
          onChange={({ target }) => {
            const chosen = [...(target.files ?? [])];
            target.value = ""; // the same files may be chosen again
            if (chosen.length > 0) void take(filesOf(chosen));
          }}
        />
      ))}
      {dragging ? (
        <div
          aria-hidden
          className="pointer-events-none fixed inset-2 z-50 grid animate-appear place-items-center rounded-lg border-2 border-dashed border-accent-solid bg-canvas/85"
        >
          <p className="flex items-center gap-2 text-lg font-semibold">
            <Upload className="size-5" />
            {t("drop", { project })}
          </p>
        </div>
      ) : null}
      {review ? (
        <ReviewDialog
          intake={review.intake}
          labels={labels}
          classes={classes}
          imageMegabytes={imageMegabytes}
          onClose={close}
          onEncoding={(encoding) => void read(async () => {}, encoding)}
          onUpload={(intake, placing) => {
            close();
            queue.add(intake, placing);
            onBegin();
          }}
        />
      ) : null}
    </>
  );
}

/** Takes files dropped anywhere on the page; whether some are held over it. */
function useDrop(onDrop: (transfer: DataTransfer) => void): boolean {
  const [over, setOver] = useState(false);
  const latest = useRef(onDrop);
  useEffect(() => {
    latest.current = onDrop;
  });
  useEffect(() => {
    let depth = 0; // each element on the way says enter and leave
    const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") === true;
    const move = (by: number) => (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      depth = Math.max(0, depth + by);
      setOver(depth > 0);
    };
    const [onEnter, onLeave] = [move(1), move(-1)];
    const onOver = (event: DragEvent) => void (holdsFiles(event) && event.preventDefault());
    const onDropped = (event: DragEvent) => {
      if (!holdsFiles(event) || !event.dataTransfer) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      latest.current(event.dataTransfer);
    };
    const listeners = [
      ["dragenter", onEnter],
      ["dragleave", onLeave],
      ["dragover", onOver],
      ["drop", onDropped],
    ] as const;
    for (const [name, listener] of listeners) window.addEventListener(name, listener);
    return () => {
      for (const [name, listener] of listeners) window.removeEventListener(name, listener);
    };
  }, []);
  return over;
}
