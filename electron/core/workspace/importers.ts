import type { ImportPreview } from '../../../shared/contract/commands.ts';
import { importSshConfig } from './importSshConfig.ts';

/** Makes workspace YAML of a file that a team already has. Nothing in it is run. */
export type Importer = (
  text: string,
  options: {
    /** Where the text came from. */
    file: string;
    homeDirectory: string;
    /** For files that it includes; the disk when not given. */
    readText?: (path: string) => string;
    listDirectory?: (path: string) => string[];
  },
) => ImportPreview;

/** A source that can be imported: one file and one line here. */
export const IMPORTERS = {
  ssh_config: importSshConfig,
} as const satisfies Record<string, Importer>;
