/**
 * Made of software: what their driver calls their speed is a constant that holds nothing back (10 Mbit/s of a tunnel or a
 * guest's tap, 10 Gbit/s of a pair of ends).
 */
const NO_WIRE =
  /^(?:tun|tap|utun|vnet|veth|tailscale|wg|zt|ppp|vpn|docker|br-|virbr|lxcbr|lxdbr|cni|cali|flannel|vxlan|geneve|gre|sit|ifb|dummy|lxc)/;

/** Bonds and teams, bridges of which a wire is a part, VLANs and their like: they count what their parts count too. */
const OF_OTHERS =
  /^(?:bond|team|lagg|br\d|vmbr|xenbr|ovs|vlan|macvlan|macvtap|ipvlan|vrf)|^[^.:@]+\.\d{1,4}$/;

/** True of an interface that, by its name, stands for a wire of its own: what it carries, no other carries too. */
export function hasOwnWire(name: string): boolean {
  let own = known.get(name);
  if (own === undefined) {
    own = !NO_WIRE.test(name) && !OF_OTHERS.test(name);
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(name, own);
  }
  return own;
}

/** Asked of each interface of each host every second. */
const known = new Map<string, boolean>();
const MOST_KNOWN = 10_000;

/** Its counters are the sums of those of its parts. */
export function isBond(name: string): boolean {
  return /^(?:bond|team)/.test(name);
}
