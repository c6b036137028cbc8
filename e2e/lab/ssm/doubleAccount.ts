import { randomBytes } from 'node:crypto';
import type { SigningKey } from './signatureCheck.ts';

/** What the doubled account holds. A test may change anything in it between two calls. */
export interface DoubleAccount {
  accountId: string;
  region: string;
  keys: Map<string, SigningKey & { arn: string }>;
  roles: { arn: string; mfaSerial?: string; mfaCode?: string; durationMs: number }[];
  instances: DoubleInstance[];
  clusters: DoubleCluster[];
  /** Key id or ARN → the 32 bytes of the master key. */
  kmsKeys: Map<string, Uint8Array>;
  /** Single sign-on: who signs in by code, and what roles they may take. Absent: there is none. */
  signOn?: { startUrl: string; userCode: string; approved: boolean; denied?: boolean; roleMs: number };
  /** Of SSM-SessionManagerRunShell, as text of minutes; absent in an account that never set any. */
  sessionPreferences?: { idleSessionTimeout: string; maxSessionDuration: string };
  /** `ssm:StartSession` and the like: answered with AccessDenied. */
  denied: Set<string>;
  /** Calls that are still to be answered with ThrottlingException, by `ssm:StartSession`. */
  throttled: Map<string, number>;
  /** Every call, in order, refused ones too. */
  calls: DoubleCall[];
}

export interface DoubleCall {
  service: string;
  action: string;
  input: Readonly<Record<string, unknown>>;
  accessKeyId?: string;
  requestId: string;
  refusal?: string;
}

export interface DoubleInstance {
  instanceId: string;
  name?: string;
  tags?: Record<string, string>;
  pingStatus: 'Online' | 'ConnectionLost' | 'Inactive';
  platform: 'Linux' | 'Windows' | 'MacOS';
  agentVersion: string;
  state: 'running' | 'stopped' | 'pending' | 'stopping';
  address?: string;
}

export interface DoubleCluster {
  name: string;
  services: DoubleService[];
  tasks: DoubleTask[];
}

export interface DoubleService {
  name: string;
  enableExecuteCommand: boolean;
  desiredCount: number;
}

export interface DoubleTask {
  /** 32 hexadecimal digits. */
  id: string;
  service?: string;
  lastStatus: 'PROVISIONING' | 'PENDING' | 'RUNNING' | 'DEACTIVATING' | 'STOPPED';
  enableExecuteCommand: boolean;
  stoppedReason?: string;
  platformFamily?: string;
  startedAt: number;
  containers: {
    name: string;
    /** `TASKID-0123456789` */
    runtimeId: string;
    lastStatus: 'PENDING' | 'RUNNING' | 'STOPPED';
    /** The ExecuteCommandAgent's; absent where the task was started without it. */
    agentStatus?: 'PENDING' | 'RUNNING' | 'STOPPED';
  }[];
}

export const DOUBLE_KEY = {
  accessKeyId: 'AKIAFIRELINEDOUBLE00',
  secretAccessKey: 'double/secret+key0000000000000000000000000',
};

/** An account with one user and nothing else. */
export function createDoubleAccount(contents: Partial<DoubleAccount> = {}): DoubleAccount {
  const accountId = contents.accountId ?? '111122223333';
  return {
    accountId,
    region: 'eu-west-1',
    keys: new Map([
      [
        DOUBLE_KEY.accessKeyId,
        { secretAccessKey: DOUBLE_KEY.secretAccessKey, arn: `arn:aws:iam::${accountId}:user/oncall` },
      ],
    ]),
    roles: [],
    instances: [],
    clusters: [],
    kmsKeys: new Map(),
    denied: new Set(),
    throttled: new Map(),
    calls: [],
    ...contents,
  };
}

/** An instance of Linux that runs, its agent online. */
export function doubleInstance(instanceId: string): DoubleInstance {
  return { instanceId, pingStatus: 'Online', platform: 'Linux', agentVersion: '3.3.987.0', state: 'running' };
}

/** A running task of a service, as Fargate starts it. */
export function doubleTask(service: string | undefined, containers: readonly string[]): DoubleTask {
  const id = randomBytes(16).toString('hex');
  return {
    id,
    ...(service === undefined ? {} : { service }),
    lastStatus: 'RUNNING',
    enableExecuteCommand: true,
    platformFamily: 'Linux',
    startedAt: Date.now(),
    containers: containers.map((name, index) => ({
      name,
      runtimeId: `${id}-${String(1_000_000_000 + index * 7 + (Number.parseInt(id.slice(0, 6), 16) % 1_000_000))}`,
      lastStatus: 'RUNNING',
      agentStatus: 'RUNNING',
    })),
  };
}
