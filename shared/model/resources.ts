/** What is looked at now and then, because it costs more. Text is hostile: it comes from the host. What is not known is absent. */

export interface FileSystem {
  mount: string;
  device: string;
  type: string;
  readOnly: boolean;
  sizeBytes: number;
  usedBytes: number;
  /** To those who are not root. */
  availableBytes: number;
  inodes?: number;
  inodesFree?: number;
}

export type TcpState =
  | 'established'
  | 'syn-sent'
  | 'syn-received'
  | 'fin-wait-1'
  | 'fin-wait-2'
  | 'time-wait'
  | 'close'
  | 'close-wait'
  | 'last-ack'
  | 'listen'
  | 'closing';

export interface QueueUse {
  /** Bytes; connections, where it is a listener's receive queue. */
  sum: number;
  largest: number;
  /** How many sockets' queues are not empty. */
  notEmpty: number;
}

/**
 * TCP sockets that belong together.
 * - `listener`: on a port of this host
 * - `inbound`: connections to a port that this host listens on
 * - `outbound`: connections to a port elsewhere, whatever the address
 * - `address`: those of `outbound` to one address, where they are four or more
 */
export interface SocketGroup {
  kind: 'listener' | 'inbound' | 'outbound' | 'address';
  state: TcpState;
  /** The listener's here, or the one connected to. */
  port: number;
  address?: string;
  count: number;
  receiveQueue: QueueUse;
  sendQueue: QueueUse;
  /** Looked for where the group is large or its queues stay filled. 0: no process of this host, though all could be seen. */
  ownerPid?: number;
}

export interface NetworkInterface {
  name: string;
  receiveBytesPerSecond: number;
  transmitBytesPerSecond: number;
  receiveErrorsPerSecond: number;
  transmitErrorsPerSecond: number;
  receiveDropsPerSecond: number;
  transmitDropsPerSecond: number;
  packetsPerSecond: number;
  /** Absent where the interface does not say, as many virtual ones. */
  bitsPerSecond?: number;
}

/** A control group whose limit holds for one of the busiest processes. */
export interface CgroupUse {
  path: string;
  /** A process in it; absent when it is only the sampler. */
  pid?: number;
  memoryLimitBytes?: number;
  memoryUsageBytes?: number;
  /** Of its use, what the kernel gives back before it kills: file cache. */
  reclaimableBytes?: number;
  oomKills?: number;
  cpuQuotaCores?: number;
  /** Since it was made. */
  periods?: number;
  throttledPeriods?: number;
  throttledMs?: number;
}
