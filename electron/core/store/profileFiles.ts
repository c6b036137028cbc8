import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Profile, ProfileId } from '../../../shared/model/profile.ts';

/** Larger files than any that is written are none of ours. */
const MOST_BYTES = 512 * 1024 * 1024;

/** Profiles are files of the record, `profiles/ID.json`: too large for its rows, and good to look into with other tools. */
export function writeProfile(directory: string, profile: Profile): void {
  const folder = join(directory, 'profiles');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = openSync(join(folder, `${profile.id}.json`), 'w', 0o600);
  try {
    writeSync(file, `${JSON.stringify(profile)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Undefined where there is none, or none that can be read. */
export function readProfile(directory: string, id: ProfileId): Profile | undefined {
  if (!/^[0-9a-f-]{36}$/.test(id)) return undefined;
  try {
    const text = readFileSync(join(directory, 'profiles', `${id}.json`), 'utf8');
    if (text.length > MOST_BYTES) return undefined;
    const profile = JSON.parse(text) as Profile;
    return Array.isArray(profile.folded) && Array.isArray(profile.processes) ? profile : undefined;
  } catch {
    return undefined;
  }
}
