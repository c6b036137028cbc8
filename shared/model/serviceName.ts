import type { ServiceArguments } from './remediation.ts';

/**
 * Whether a manager can be told of a service by this name: it is handed over as one argument, so it may hold what it likes but
 * control characters, and does not begin as an option. systemd takes what is no unit's name (systemd.unit(5)) for a pattern of
 * several.
 */
export function isServiceName({ manager, name }: Pick<ServiceArguments, 'manager' | 'name'>): boolean {
  const allowed =
    manager === 'systemd' ? /^[A-Za-z0-9_:\\][A-Za-z0-9_:@.\\-]{0,254}$/ : /^(?!-)[^\p{Cc}]{1,1024}$/u;
  return allowed.test(name);
}
