import { type ConfigValues, firstValue } from './configValues.ts';

/** Keywords whose meaning a person would miss here, and what to do. Those that only change how ssh itself looks are not worth a word. */
const MISSED: readonly { keyword: string; unless: readonly string[]; text: string }[] = [
  {
    keyword: 'certificatefile',
    unless: ['none'],
    text: 'CertificateFile: user certificates are not offered here; the plain key must be in authorized_keys',
  },
  {
    keyword: 'pkcs11provider',
    unless: ['none'],
    text: 'PKCS11Provider: smart cards are reached through the agent only (ssh-add -s)',
  },
  {
    keyword: 'knownhostscommand',
    unless: ['none'],
    text: 'KnownHostsCommand is not run here; keys come from known_hosts files',
  },
  {
    keyword: 'verifyhostkeydns',
    unless: ['false'],
    text: 'VerifyHostKeyDNS: SSHFP records are not looked up here',
  },
  {
    keyword: 'hostbasedauthentication',
    unless: ['no'],
    text: 'HostbasedAuthentication is not done here; use a key',
  },
  { keyword: 'tunnel', unless: ['false'], text: 'Tunnel: no tun device is made here' },
  {
    keyword: 'canonicalizepermittedcnames',
    unless: ['none'],
    text: 'CanonicalizePermittedCNAMEs: other names that DNS gives for a name are not followed here',
  },
  { keyword: 'remotecommand', unless: ['none'], text: 'RemoteCommand is not run; panes open a login shell' },
  {
    keyword: 'proxyusefdpass',
    unless: ['no'],
    text: 'ProxyUseFdpass: a ProxyCommand that passes a descriptor cannot be used here',
  },
  {
    keyword: 'nohostauthenticationforlocalhost',
    unless: ['no'],
    text: 'NoHostAuthenticationForLocalhost: host keys are checked here on loopback too',
  },
  { keyword: 'bindinterface', unless: [], text: 'BindInterface is not honoured here; use BindAddress' },
];

export function notHonoured(values: ConfigValues): string[] {
  return MISSED.flatMap(({ keyword, unless, text }) => {
    const value = firstValue(values, keyword);
    return value === undefined || unless.includes(value.toLowerCase()) ? [] : [text];
  });
}
