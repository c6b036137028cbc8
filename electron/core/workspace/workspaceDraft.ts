import { stringify } from 'yaml';

/** What an importer found, as the workspace file has it. */
export interface WorkspaceDraft {
  name: string;
  /** One line: where it came from. */
  comment: string;
  hosts: readonly DraftHost[];
  panes?: readonly ({ name: string } & DraftLayout)[];
}

export interface DraftHost {
  id: string;
  tags?: string[];
  ssh?: string | { host?: string; port?: number; user?: string; identityFile?: string; jump?: string[] };
  ssm?: { instance: string; region?: string; profile?: string };
  local?: Record<string, never>;
}

export type DraftLayout = { size?: number } & (
  | { pane: string; run?: string | string[] }
  | { row: DraftLayout[] }
  | { column: DraftLayout[] }
);

/** The text of a workspace file: every value is written by the YAML library, so that nothing in it can break out. */
export function workspaceText(draft: WorkspaceDraft): string {
  const head = stringify({ version: 1, name: draft.name });
  const flow = (value: unknown) => stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();
  const hosts = draft.hosts.map((host) => `  - ${flow(host)}\n`).join('');
  const panes =
    draft.panes && draft.panes.length > 0 ? `\n${stringify({ panes: draft.panes }, { lineWidth: 0 })}` : '';
  return `${head}\n# ${draft.comment}\nhosts:${hosts === '' ? ' []\n' : `\n${hosts}`}${panes}`;
}

/** Ids and tags of a workspace. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/;

/** A name that a workspace allows, as near to this one as can be. */
export function allowedName(name: string): string {
  if (NAME.test(name)) return name;
  return (
    name
      .slice(0, 200)
      .replace(/[^A-Za-z0-9._-]/g, '-')
      .replace(/^[.-]+/, '')
      .slice(0, 60) || 'host'
  );
}

/** An id that is not taken; the name itself wherever it is one. */
export function freeId(name: string, taken: { has(id: string): boolean }): string {
  const plain = allowedName(name);
  let id = plain;
  for (let n = 2; taken.has(id); n += 1) id = `${plain}-${n}`;
  return id;
}
