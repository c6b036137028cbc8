import type { Sample } from '../../../shared/model/sample.ts';
import type { InvestigatedProcess } from './detector.ts';
import type { RefusalLog } from './refusalLog.ts';
import type { LoopFacts } from './respawnEvent.ts';
import { type FamilyState, initialFamilies } from './respawnFamily.ts';
import { initialSlow, type SlowState } from './respawnSlow.ts';

export interface RespawnState {
  families: FamilyState;
  slow: SlowState;
  /** Refusals, by the log they are in. */
  logs: Map<string, RefusalLog>;
  loops: Map<string, Loop>;
  /** Neither a log nor a loop is known: so it is on most hosts, and nothing else has to be looked at. */
  quiet: boolean;
  sample?: Sample;
  /** How much of the time before the last sample no sample covers. */
  unheardMs: number;
  questions: number;
  /** Forks a second while nothing loops. */
  idleForks: number;
}

/** A loop, or what may become one. Keyed by its family, or by the log where no family is seen. */
export interface Loop {
  key: string;
  familyKey?: string;
  logPath?: string;
  beganAt: number;
  lastAt: number;
  /** What was last told, to tell a change from noise. */
  told?: { at: number; rate: number; share: number; holder: boolean; supervisor: boolean; severity: string };
  asked: Map<string, { at: number; what: string; answered: boolean }>;
  holder?: InvestigatedProcess & { by: 'log' | 'pid_file' | 'listening_port' };
  facts?: LoopFacts;
  open: boolean;
  restarts: number;
  countedAt: number;
  quietSince?: number;
  /** `lastAt` when the facts were last taken. */
  factsAt: number;
  /** The first refusals and the latest: evidence outlives the window that counts. */
  evidence: { path: string; text: string; at: number }[];
}

export const initialRespawns = (): RespawnState => ({
  families: initialFamilies(),
  slow: initialSlow(),
  logs: new Map(),
  loops: new Map(),
  quiet: true,
  unheardMs: 0,
  questions: 0,
  idleForks: 0,
});

export function newLoop(key: string, beganAt: number): Loop {
  return {
    key,
    beganAt,
    lastAt: beganAt,
    asked: new Map(),
    open: false,
    restarts: 0,
    countedAt: beganAt,
    factsAt: 0,
    evidence: [],
  };
}

/** A gap in the samples says nothing of quiet. */
export const GAP_MS = 4000;
