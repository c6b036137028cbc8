/** What Session Manager could reach in one account and region, and what keeps it from the rest. Names are hostile text. */
export interface AwsInventory {
  region: string;
  instances: AwsInstance[];
  services: AwsService[];
  /** What could not be listed, and what to do: a missing permission hides a part, not everything. */
  problems: string[];
}

export interface AwsInstance {
  id: string;
  /** Its Name tag. */
  name?: string;
  tags: Record<string, string>;
  ping: string;
  platform: string;
  agentVersion: string;
  /** Absent: it can be opened. */
  missing?: Missing;
}

export interface AwsService {
  cluster: string;
  name: string;
  running: number;
  desired: number;
  executeCommand: boolean;
  /** Container names of its running tasks. */
  containers: string[];
  missing?: Missing;
}

/** A session that stands, of whoever opened it. */
export interface AwsSession {
  id: string;
  /** ARN. */
  owner: string;
  status: string;
  document: string;
  /** Epoch ms. */
  startedAt?: number;
}

/** What is missing, and how to mend it. */
export interface Missing {
  reason: string;
  advice: string;
}
