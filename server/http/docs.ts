/** /docs: the OpenAPI document as a page, and the table of errors. */
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { type RequestHandler, Router } from 'express'
import helmet from 'helmet'
import { ERRORS } from '../errors.ts'

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Firsthand API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`

const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null })\n`

/** Swagger UI sets style attributes; nothing else on this page differs from the policy of all others. */
const policy: RequestHandler = helmet.contentSecurityPolicy({
  useDefaults: false,
  directives: {
    'default-src': ["'none'"],
    'script-src': ["'self'"],
    'style-src': ["'self'", "'unsafe-inline'"],
    'img-src': ["'self'", 'data:'],
    'connect-src': ["'self'"],
    'frame-ancestors': ["'none'"],
  },
})

export function docsRoutes(): Router {
  const router = Router()
  const files = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
  router.use(policy)
  router.get('/', (_request, response) => void response.type('html').send(PAGE))
  router.get('/start.js', (_request, response) => void response.type('text/javascript').send(START))
  router.get('/errors', (_request, response) => void response.type('html').send(errorsPage()))
  // With a root: of a whole path Express refuses any that has a dot in a folder's name, such as ~/.npm/_npx.
  for (const name of ['swagger-ui.css', 'swagger-ui-bundle.js'])
    router.get(`/${name}`, (_request, response) => void response.sendFile(name, { root: files }))
  return router
}

/** docs/errors.md says more of each; here is what a `type` address must lead to. */
function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { status, title, retry }]) =>
      `<tr id="${code.replace('.', '')}"><td><code>${code}</code></td><td>${status}</td><td>${title}</td><td>${retry ? 'may pass later' : ''}</td></tr>`,
  )
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Firsthand errors</title></head><body><h1>Errors</h1><table><thead><tr><th>Code</th><th>Status</th><th>Meaning</th><th>Retry</th></tr></thead><tbody>${rows.join('')}</tbody></table></body></html>`
}
