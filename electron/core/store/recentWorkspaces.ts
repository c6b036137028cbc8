import { join } from 'node:path';
import { z } from 'zod';
import type { RecentWorkspace } from '../../../shared/contract/commands.ts';
import { readPrivateJson, writePrivateJson } from './privateFile.ts';

const MOST = 20;
const schema = z.array(z.object({ path: z.string(), name: z.string(), openedAt: z.number() }));

/** Newest first; empty when the file is missing or damaged: it can be made again by opening workspaces. */
export function readRecentWorkspaces(dataDirectory: string): RecentWorkspace[] {
  const read = schema.safeParse(readPrivateJson(join(dataDirectory, 'recent.json')));
  return read.success ? read.data : [];
}

export function rememberWorkspace(dataDirectory: string, opened: RecentWorkspace): void {
  const others = readRecentWorkspaces(dataDirectory).filter((one) => one.path !== opened.path);
  writePrivateJson(join(dataDirectory, 'recent.json'), [opened, ...others].slice(0, MOST));
}
