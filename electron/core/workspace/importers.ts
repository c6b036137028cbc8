import type { ImportPreview } from '../../../shared/contract/commands.ts';
import { importSshConfig } from './importSshConfig.ts';

/** Makes workspace YAML of a file that a team already has. Nothing in it is run. */
export type Importer = (
  path: string,
  options: {
    homeDirectory: string;
    readText: (path: string) => string;
    listDirectory: (path: string) => string[];
  },
) => ImportPreview;

/** A source that can be imported: one file and one line here. */
export const IMPORTERS = {
  ssh_config: importSshConfig,
} as const satisfies Record<string, Importer>;
