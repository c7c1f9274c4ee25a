/** Small faults for a contract's source, found in its syntax tree: operators, conditions, statements, numbers, types that are signed.
 *  The operators are the usual ones of mutation testing (Jia and Harman 2011, table 3), as far as Solidity has them. */

/** One fault. */
export interface Mutant {
  /** Path below contracts/. */
  file: string
  line: number
  /** What kind of fault. */
  operator: string
  /** Byte offsets; the source is ASCII. */
  start: number
  end: number
  before: string
  after: string
}

/** A node of the compiler's tree, as far as it is needed here. */
interface Node {
  nodeType?: string
  src?: string
  [key: string]: unknown
}

const BINARY: Record<string, string[]> = {
  '==': ['!='],
  '!=': ['=='],
  '<': ['<=', '>'],
  '>': ['>=', '<'],
  '<=': ['<'],
  '>=': ['>'],
  '&&': ['||'],
  '||': ['&&'],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '&': ['|'],
  '^': ['|'],
  '<<': ['>>'],
  '>>': ['<<'],
}

/** @param ast the compiler's tree of one file. */
export function mutantsOf(file: string, source: string, ast: unknown): Mutant[] {
  const found: Mutant[] = []
  const add = (operator: string, [start, end]: [number, number], after: string) => {
    const before = source.slice(start, end)
    if (before === after) return
    const line = source.slice(0, start).split('\n').length
    found.push({ file, line, operator, start, end, before, after })
  }
  for (const node of walk(ast as Node)) for (const fault of faultsOf(node, source)) add(...fault)
  return found
}

export function apply({ start, end, after }: Mutant, source: string): string {
  return source.slice(0, start) + after + source.slice(end)
}

function* walk(node: Node): Generator<Node> {
  if (node.nodeType) yield node
  for (const value of Object.values(node))
    for (const child of Array.isArray(value) ? value : [value])
      if (typeof child === 'object' && child !== null) yield* walk(child as Node)
}

type Fault = [operator: string, place: [number, number], after: string]

function* faultsOf(node: Node, source: string): Generator<Fault> {
  const place = placeOf(node)
  const text = source.slice(...place)
  if (node.nodeType === 'BinaryOperation') yield* otherOperators(node)
  if (node.nodeType === 'UnaryOperation' && node.operator === '!') yield ['negation', place, text.slice(1)]
  if (node.nodeType === 'IfStatement') yield* fixedConditions(placeOf(node.condition as Node))
  if (node.nodeType === 'Conditional') yield* fixedConditions(placeOf(node.condition as Node))
  if (node.nodeType === 'EmitStatement') yield ['statement', withSemicolon(place, source), ';']
  if (node.nodeType === 'ExpressionStatement') yield ['statement', withSemicolon(place, source), ';']
  if (node.nodeType === 'Return' && isBoolean(node.expression)) yield* fixedConditions(placeOf(node.expression as Node))
  if (node.nodeType === 'Assignment' && node.operator !== '=')
    yield ['assignment', operatorPlace(node, 'leftHandSide', 'rightHandSide'), ' = ']
  if (node.nodeType === 'Literal') yield* otherLiterals(node, place, text)
}

function* otherOperators(node: Node): Generator<Fault> {
  const place = operatorPlace(node, 'leftExpression', 'rightExpression')
  for (const other of BINARY[String(node.operator)] ?? []) yield ['operator', place, ` ${other} `]
}

function* fixedConditions(place: [number, number]): Generator<Fault> {
  for (const value of ['true', 'false']) yield ['condition', place, value]
}

/** Numbers by one, and the text of a signed type by a letter: a signature of the right one must then fail. */
function* otherLiterals(node: Node, place: [number, number], text: string): Generator<Fault> {
  if (node.kind === 'number' && /^[\d_]+$/.test(text))
    yield ['number', place, `${Number(text.replaceAll('_', '')) + 1}`]
  if (node.kind === 'number' && /^[\d_]+ days$/.test(text))
    yield ['number', place, `${Number.parseInt(text, 10) + 1} days`]
  if (node.kind === 'bool') yield ['condition', place, text === 'true' ? 'false' : 'true']
  if (node.kind === 'string' && text.startsWith('"')) yield ['text', place, text.replace('"', '"X')]
}

function isBoolean(expression: unknown): boolean {
  const { typeDescriptions } = (expression ?? {}) as { typeDescriptions?: { typeString?: string } }
  return typeDescriptions?.typeString === 'bool'
}

function placeOf(node: Node): [number, number] {
  const [start = 0, length = 0] = String(node.src).split(':').map(Number)
  return [start, start + length]
}

function operatorPlace(node: Node, left: string, right: string): [number, number] {
  return [placeOf(node[left] as Node)[1], placeOf(node[right] as Node)[0]]
}

/** The compiler counts the semicolon to some statements and not to others. */
function withSemicolon([start, end]: [number, number], source: string): [number, number] {
  return [start, source[end] === ';' ? end + 1 : end]
}
