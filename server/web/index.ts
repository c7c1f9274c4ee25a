export { type Asset, type AssetOptions, type Assets, createAssets } from './assets.ts'
export { createReport, type Report, type Reported } from './report/report.ts'
