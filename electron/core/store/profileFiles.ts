import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Profile, ProfileId } from '../../../shared/model/profile.ts';
import { readPrivateJson, writePrivateJson } from './privateFile.ts';

/** Larger files than any that is written are none of ours. */
const MOST_BYTES = 512 * 1024 * 1024;

/** Profiles are files of the record, `profiles/ID.json`: too large for its rows, and good to look into with other tools. */
export function writeProfile(directory: string, profile: Profile): void {
  writePrivateJson(fileOf(directory, profile.id), profile);
}

/** Undefined where there is none, or none that can be read. */
export function readProfile(directory: string, id: ProfileId): Profile | undefined {
  if (!/^[0-9a-f-]{36}$/.test(id)) return undefined;
  const file = fileOf(directory, id);
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MOST_BYTES) return undefined;
  const profile = readPrivateJson(file) as Partial<Profile> | null | undefined;
  return Array.isArray(profile?.folded) && Array.isArray(profile.processes)
    ? (profile as Profile)
    : undefined;
}

const fileOf = (directory: string, id: ProfileId) => join(directory, 'profiles', `${id}.json`);
