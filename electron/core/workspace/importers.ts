import type { Result } from '../../../shared/base/result.ts';
import type { ImportPreview, ImportSource } from '../../../shared/contract/commands.ts';
import { importAnsible } from './importAnsible.ts';
import { importSshConfig } from './importSshConfig.ts';
import { importTmuxinator } from './importTmuxinator.ts';
import { importTmuxp } from './importTmuxp.ts';

/** Makes workspace YAML of a file that a team already has. Nothing in it is run. */
export type Importer = (text: string, options: ImportOptions) => Result<ImportPreview, ImportRefusal>;

export interface ImportOptions {
  /** Where the text came from. */
  file: string;
  homeDirectory: string;
  /** For files that it includes; the disk when not given. */
  readText?: (path: string) => string;
  listDirectory?: (path: string) => string[];
}

/** Why a file cannot be imported at all, and what to do. */
export interface ImportRefusal {
  message: string;
  advice: string;
}

/** A source that can be imported: one file and one line here (and its name in the contract). */
export const IMPORTERS = {
  ssh_config: importSshConfig,
  tmuxinator: importTmuxinator,
  tmuxp: importTmuxp,
  ansible: importAnsible,
} as const satisfies Record<ImportSource, Importer>;
