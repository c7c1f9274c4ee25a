export { type Asset, type AssetOptions, type Assets, createAssets } from './assets.ts'
