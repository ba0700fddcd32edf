/**
 * Bodies that run in the driver: bashApp's and joinApp's.
 */
import { DefinitionError } from '../errors/index.ts';
import { showValue } from '../errors/message-parts.ts';

/** @returns the name that the app has by default. @throws DefinitionError if it is no function. */
export function requireBody(body: unknown, maker: string): string {
  if (typeof body === 'function') return body.name || maker;
  throw new DefinitionError(`${maker} takes a function; this is ${showValue(body)}`);
}
