/**
 * Finds the words in a function that speak of what is around it, without being names: `this` and `super` of an arrow function,
 * and `import.meta` anywhere.
 */

/** A node of an ESTree, read by its keys. */
export interface SyntaxNode {
  readonly type: string;
  readonly loc: { readonly start: { readonly line: number; readonly column: number } };
  readonly [key: string]: unknown;
}

export interface OuterWord {
  readonly name: 'this' | 'super' | 'import.meta';
  readonly node: SyntaxNode;
}

export function findOuterWords(fn: SyntaxNode): OuterWord[] {
  const found: OuterWord[] = [];
  visit(fn, true, found);
  return found;
}

/** @param outer whether `this` here is that of the function's surroundings. */
function visit(node: SyntaxNode, outer: boolean, found: OuterWord[]): void {
  const word = wordOf(node);
  if (word === 'import.meta' || (word !== undefined && outer)) found.push({ name: word, node });
  for (const [key, child] of children(node)) visit(child, outer && !bindsThis(node, key), found);
}

function wordOf(node: SyntaxNode): OuterWord['name'] | undefined {
  if (node.type === 'ThisExpression') return 'this';
  if (node.type === 'Super') return 'super';
  return node.type === 'MetaProperty' && (node['meta'] as { name?: string }).name === 'import' ? 'import.meta' : undefined;
}

/** Whether the child under `key` has a `this` of its own: functions that are no arrows, and what classes hold. */
function bindsThis(node: SyntaxNode, key: string): boolean {
  if (node.type === 'FunctionExpression' || node.type === 'FunctionDeclaration' || node.type === 'StaticBlock') return true;
  return node.type === 'PropertyDefinition' && key === 'value';
}

export function* children(node: SyntaxNode): Iterable<readonly [key: string, child: SyntaxNode]> {
  for (const [key, value] of Object.entries(node)) {
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) yield [key, item];
    } else if (isNode(value)) yield [key, value];
  }
}

const isNode = (value: unknown): value is SyntaxNode => typeof value === 'object' && value !== null && 'type' in value && 'loc' in value;
