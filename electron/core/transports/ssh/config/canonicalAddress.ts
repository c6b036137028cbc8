import { isIPv6, SocketAddress } from 'node:net';

/**
 * A host name as ssh takes it into use: numeric addresses in their shortest form (`127.1` is 127.0.0.1, as in
 * inet_aton(3)) where AddressFamily allows them, names in lower case.
 */
export function canonicalAddress(name: string, family: string | undefined): string {
  if (/[:%]/.test(name)) return family === 'inet' ? name : shortestIPv6(name);
  if (family !== 'inet6' && /^(0x[0-9a-f]+|\d+)(\.(0x[0-9a-f]+|\d+)){0,3}$/i.test(name)) {
    const parsed = URL.parse(`http://${name}`)?.hostname;
    if (parsed !== undefined) return parsed;
  }
  return name.toLowerCase();
}

function shortestIPv6(name: string): string {
  const [address = '', zone] = name.split('%');
  if (!isIPv6(address)) return name;
  const shortest = new SocketAddress({ address, family: 'ipv6' }).address;
  // ssh keeps what differs in the case of its letters only.
  if (shortest === address.toLowerCase()) return name;
  return zone === undefined ? shortest : `${shortest}%${zone}`;
}
