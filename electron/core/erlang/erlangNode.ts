import type { ProcessIdentity } from '../../../shared/model/process.ts';

/** One BEAM of a host, as seen from outside. Text is hostile. */
export interface ErlangNode {
  identity: ProcessIdentity;
  /** From `-sname` or `-name`, as given there; absent for a node without a name. */
  name?: string;
  command: string;
  /** A shell on another node: `-remsh`, or a release's `rem-…` name. */
  remoteShell: boolean;
  /** Those of the distribution alone. */
  peers: ErlangPeer[];
}

/** An established distribution connection. */
export interface ErlangPeer {
  /** `address:port` of its other end. */
  key: string;
  address: string;
  port: number;
  /** Known where the node let us ask. */
  name?: string;
  hidden?: boolean;
  /** Its process, where it runs on the same host. */
  process?: {
    identity: ProcessIdentity;
    command: string;
    parentPid: number;
    /** It has a terminal. */
    terminal: boolean;
    /** Whoever led its session, a login shell mostly, has ended. */
    sessionGone: boolean;
  };
}
