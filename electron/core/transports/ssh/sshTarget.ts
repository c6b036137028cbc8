import type { ForwardSpec } from './config/forwardSpec.ts';

/** An alias after ssh_config(5). Paths are absolute, tokens and `~` are expanded. */
export interface SshTarget {
  alias: string;
  hostname: string;
  port: number;
  user: string;
  /** In the order in which they are tried. */
  identityFiles: string[];
  /** False when no file named any and these are ssh's defaults: then a missing one is not worth a word. */
  identityFilesNamed: boolean;
  identitiesOnly: boolean;
  /** A socket path, `none`, or absent for SSH_AUTH_SOCK. */
  identityAgent?: string;
  /** Absent: not forwarded. `agent`: the one that is used to log in; otherwise a socket's path. */
  forwardAgent?: 'agent' | { socket: string };
  /** Hops in order, each as ProxyJump takes it. */
  jump: string[];
  proxyCommand?: string;
  hostKeyAlias?: string;
  userKnownHostsFiles: string[];
  globalKnownHostsFiles: string[];
  /** A list of keys that must never be accepted (ssh-keygen(1), KEY REVOCATION LISTS). */
  revokedHostKeys?: string;
  strictHostKeyChecking: 'ask' | 'yes' | 'no' | 'accept-new';
  hashKnownHosts: boolean;
  serverAliveIntervalSeconds?: number;
  serverAliveCountMax: number;
  connectTimeoutSeconds?: number;
  addressFamily: 'any' | 'inet' | 'inet6';
  bindAddress?: string;
  tcpKeepAlive: boolean;
  compression: boolean;
  /** Nobody is to be asked anything. */
  batchMode: boolean;
  /** Ways to log in, best first, of `publickey`, `keyboard-interactive`, `password`. */
  authentications: ('publickey' | 'keyboard-interactive' | 'password')[];
  passwordPrompts: number;
  /** Names or patterns of local variables to offer to the server. */
  sendEnv: string[];
  setEnv: Record<string, string>;
  forwards: { kind: 'local' | 'remote' | 'dynamic'; spec: ForwardSpec }[];
  /** Listeners of this machine take connections from others too. */
  gatewayPorts: boolean;
  exitOnForwardFailure: boolean;
  streamLocalBindUnlink: boolean;
  ciphers: string[];
  macs: string[];
  keyExchanges: string[];
  /** `undefined`: the standard ones, those of keys on file first. */
  hostKeyAlgorithms: string[] | undefined;
  /** The standard ones, as `hostKeyAlgorithms` would be. */
  standardHostKeyAlgorithms: string[];
  publicKeyAlgorithms: string[];
  /** Lines for which ssh would refuse to start. They were passed over. */
  faults: string[];
  /** What was in the files and is not honoured here, for people. */
  warnings: string[];
  /** Everything, in the order and form of `ssh -G`: a keyword and its value a line. */
  settings: [keyword: string, value: string][];
}
