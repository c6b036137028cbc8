import { parseArgs } from 'node:util';

/** The desktop adds switches of its own (`--no-sandbox`, `--enable-features`, -psn_…): what is not ours is let pass. */
export function parseMainFlags(args: readonly string[]): { workspace?: string; partial: boolean } {
  const { values } = parseArgs({
    args: [...args],
    strict: false,
    options: { workspace: { type: 'string' }, partial: { type: 'boolean' } },
  });
  return {
    partial: values.partial === true,
    ...(typeof values.workspace === 'string' && values.workspace !== ''
      ? { workspace: values.workspace }
      : {}),
  };
}
