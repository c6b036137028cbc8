import { parseWorkspace } from './workspaceFile.ts';

export const detectors = {
  respawnLoop: { minimumRestarts: 3, windowSeconds: 60, followChildren: true },
  oomKill: { enabled: true },
};

export function parse(text: string) {
  return parseWorkspace(text, { file: '/w/crawlers.yaml', homeDirectory: '/home/me', detectors });
}

/** `line:column severity host? message | expected`, one a problem. */
export function problems(text: string): string[] {
  return parse(text).problems.map(
    (p) => `${p.line}:${p.column} ${p.severity}${p.host ? ` [${p.host}]` : ''} ${p.message} | ${p.expected}`,
  );
}

export const head = 'version: 1\nname: crawlers\n';
export const good = '  - { id: here, local: {} }\n';
