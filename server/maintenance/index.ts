export { type AuditReport, audit } from './audit.ts'
export { type BackupReport, backup, restore } from './backup.ts'
export { type RebuildReport, rebuild } from './rebuild.ts'
