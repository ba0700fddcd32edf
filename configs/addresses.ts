/**
 * Addresses of this machine, for the `address` of an executor. Asks the kernel only: no name server, nothing outside.
 */
import { readFileSync } from 'node:fs';
import { hostname, type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { ConfigError } from '../lib/errors/config-error.ts';
import { didYouMean } from '../lib/suggest.ts';

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** The machine's own name, which its workers must be able to look up. */
export function addressByHostname(): string {
  return hostname();
}

/**
 * The address of one network interface, IPv4 where it has one.
 *
 * @example addressByInterface('ib0')
 * @throws ConfigError that lists the interfaces there are.
 */
export function addressByInterface(name: string): string {
  const interfaces = networkInterfaces();
  const address = firstAddress(interfaces[name]);
  if (address !== undefined) return address;
  const names = Object.keys(interfaces);
  throw new ConfigError(
    `addressByInterface: this machine has no interface '${name}' with an address; there are ${names.join(', ')}.${didYouMean(name, names)}`,
  );
}

/**
 * The address from which this machine reaches the world: that of the default route's interface, else of the first that is
 * not the loopback.
 *
 * @throws ConfigError when there is only the loopback.
 */
export function addressByRoute(): string {
  const address = pickRoutedAddress(networkInterfaces(), readRoutes());
  if (address !== undefined) return address;
  throw new ConfigError("addressByRoute: this machine has no address but the loopback's; write address: '127.0.0.1' to use that");
}

/** @param routes Text of /proc/net/route, empty where there is none. */
export function pickRoutedAddress(interfaces: Interfaces, routes: string): string | undefined {
  const routed = defaultInterface(routes);
  const byRoute = routed === undefined ? undefined : firstAddress(interfaces[routed]);
  if (byRoute !== undefined) return byRoute;
  const external = Object.values(interfaces).map((addresses) => firstAddress(addresses?.filter(({ internal }) => !internal)));
  return external.find((address) => address !== undefined);
}

/** Columns: interface, destination, gateway, flags, reference count, use, metric, … (proc_net_route(5)); the least metric wins. */
function defaultInterface(routes: string): string | undefined {
  const rows = routes
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/));
  const defaults = rows.filter(([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000');
  return defaults.sort((a, b) => Number(a[6]) - Number(b[6]))[0]?.[0];
}

function firstAddress(addresses: readonly NetworkInterfaceInfo[] | undefined): string | undefined {
  return (addresses?.find(({ family }) => family === 'IPv4') ?? addresses?.[0])?.address;
}

function readRoutes(): string {
  try {
    return readFileSync('/proc/net/route', 'utf8');
  } catch {
    // Not Linux, or /proc is hidden: the interfaces alone decide.
    return '';
  }
}
