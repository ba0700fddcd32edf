/** Preloaded by specs that run examples: what they import as 'flotilla' is this tree's source, not whatever was built last. */
import { registerHooks } from 'node:module';

const source = new URL('../../index.ts', import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) => (specifier === 'flotilla' ? { url: source, shortCircuit: true } : next(specifier, context)),
});
