/** Between the doubled service, which hands sessions out, and the doubled agents, which carry them. */
export interface SessionDoor {
  start(request: SessionRequest): Promise<StreamDoor>;
  /** `undefined`: there is no such session. An empty token: it has timed out. */
  resume(sessionId: string): Promise<StreamDoor | undefined>;
  /** False where there is no such session. */
  terminate(sessionId: string): Promise<boolean>;
  readonly sessions: readonly OpenedSession[];
}

export interface SessionRequest {
  sessionId: string;
  /** `i-…`, `mi-…` or `ecs:CLUSTER_TASKID_RUNTIMEID`. */
  target: string;
  /** `SSM-SessionManagerRunShell` (the default), `AWS-StartPortForwardingSession`, `AWS-StartSSHSession` … */
  documentName: string;
  parameters: Readonly<Record<string, readonly string[]>>;
  /** ECS ExecuteCommand's command; absent for SSM. */
  command?: string;
  owner: string;
}

export interface StreamDoor {
  streamUrl: string;
  tokenValue: string;
}

export interface OpenedSession {
  sessionId: string;
  target: string;
  documentName: string;
  owner: string;
  startedAt: number;
  endedAt?: number;
  status: 'Connected' | 'Connecting' | 'Disconnected' | 'Terminated' | 'Terminating' | 'Failed';
}
