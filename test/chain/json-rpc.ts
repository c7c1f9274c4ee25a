/** JSON-RPC as any program would speak it, without the code under test. */

export const JSON_TYPE = { 'content-type': 'application/json' }

export interface RpcAnswer {
  result?: unknown
  error?: { code: number; message: string; data?: unknown }
}

/** The answer's JSON, null where there is none. */
export async function post(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(body) })
  return response.status === 204 ? null : response.json()
}

export const rpc = async (url: string, method: string, params: unknown[] = []): Promise<RpcAnswer> =>
  (await post(url, { jsonrpc: '2.0', id: 1, method, params })) as RpcAnswer
export const result = async (url: string, method: string, params: unknown[] = []) =>
  (await rpc(url, method, params)).result
