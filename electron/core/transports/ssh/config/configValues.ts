import type { ForwardSpec } from './forwardSpec.ts';
import type { JumpHop } from './jumpList.ts';

/** What the files say so far: by keyword, as `ssh -G` writes it, before tokens are replaced. */
export interface ConfigValues {
  lines: Map<string, string[]>;
  jump?: { hops: JumpHop[]; text: string };
  forwards: { kind: 'local' | 'remote' | 'dynamic'; spec: ForwardSpec }[];
  /** Which of `identityfile` and `certificatefile` the user named; the rest is the system's. Keyed by keyword and value. */
  users: Set<string>;
  /** The name that the first reading gave, once there is a second: its tokens are replaced already. */
  host?: string;
  /** Set by `Tag`, for `Match tagged`. */
  tag?: string;
  wantsFinal: boolean;
  /** Lines for which ssh would refuse to start; they are passed over here. */
  faults: string[];
  /** What is understood and not done here. */
  notes: Set<string>;
}

export const createConfigValues = (): ConfigValues => ({
  lines: new Map(),
  forwards: [],
  users: new Set(),
  wantsFinal: false,
  faults: [],
  notes: new Set(),
});

export const firstValue = (values: ConfigValues, keyword: string): string | undefined =>
  values.lines.get(keyword)?.[0];
