import { hostname, type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { expect } from 'chai';
import { addressByHostname, addressByInterface, addressByRoute, pickRoutedAddress } from '../../configs/addresses.ts';
import { ConfigError } from '../../lib/errors/config-error.ts';

const ipv4 = (address: string, internal = false): NetworkInterfaceInfo => ({
  family: 'IPv4',
  address,
  internal,
  netmask: '255.0.0.0',
  mac: '00:00:00:00:00:00',
  cidr: `${address}/8`,
});
const ipv6 = (address: string): NetworkInterfaceInfo => ({
  family: 'IPv6',
  address,
  internal: false,
  netmask: 'ffff::',
  mac: '00:00:00:00:00:00',
  cidr: `${address}/64`,
  scopeid: 0,
});

const HEADER = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
const route = (name: string, destination: string, metric: number, mask: string): string =>
  `${name}\t${destination}\t0100000A\t0003\t0\t0\t${metric}\t${mask}\t0\t0\t0\n`;

describe('addresses of this machine', () => {
  it('by hostname: its own name', () => expect(addressByHostname()).to.equal(hostname()));

  it('by interface: one of its addresses', () => {
    const [name, addresses] = Object.entries(networkInterfaces())[0] ?? ['', []];
    expect((addresses ?? []).map(({ address }) => address)).to.include(addressByInterface(name));
  });

  it('by an interface that is not there: lists those that are', () => {
    const [name = ''] = Object.keys(networkInterfaces());
    expect(() => addressByInterface('nosuch0')).to.throw(
      ConfigError,
      new RegExp(`no interface 'nosuch0' with an address; there are .*${name}`),
    );
  });

  it('by route: never the loopback', () => {
    const external = Object.values(networkInterfaces())
      .flat()
      .filter((info) => info?.internal === false);
    if (external.length === 0) expect(addressByRoute).to.throw(ConfigError, "no address but the loopback's");
    else expect(external.map((info) => info?.address)).to.include(addressByRoute());
  });

  const interfaces = {
    lo: [ipv4('127.0.0.1', true)],
    docker0: [ipv4('172.17.0.1')],
    ib0: [ipv6('fe80::1'), ipv4('10.0.0.7')],
    wifi: [ipv6('2001::2')],
  };
  const rows: [title: string, routes: string, address: string | undefined][] = [
    [
      'takes the default route',
      HEADER + route('docker0', '000011AC', 0, '0000FFFF') + route('ib0', '00000000', 100, '00000000'),
      '10.0.0.7',
    ],
    [
      'takes the default route of the least metric',
      HEADER + route('docker0', '00000000', 600, '00000000') + route('ib0', '00000000', 100, '00000000'),
      '10.0.0.7',
    ],
    ['takes IPv6 where the interface has nothing else', HEADER + route('wifi', '00000000', 0, '00000000'), '2001::2'],
    ['takes the first that is not the loopback where there is no default route', HEADER, '172.17.0.1'],
    ['takes the first that is not the loopback where routes cannot be read', '', '172.17.0.1'],
  ];
  for (const [title, routes, address] of rows) it(title, () => expect(pickRoutedAddress(interfaces, routes)).to.equal(address));

  it('has none where there is only the loopback', () => expect(pickRoutedAddress({ lo: interfaces.lo }, HEADER)).to.equal(undefined));
});
