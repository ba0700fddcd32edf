/**
 * Options of Parsl 2026.10.26, as its constructors have them, and of the versions before it whose names are still in use.
 */
import { expect } from 'chai';
import { Config } from '../../configs/config.ts';
import { HighThroughputExecutor } from '../../executors/high-throughput/description.ts';
import { ThreadPoolExecutor } from '../../executors/threads/description.ts';
import { SimpleLauncher } from '../../launchers/simple-launcher.ts';
import { SingleNodeLauncher } from '../../launchers/single-node-launcher.ts';
import { LocalProvider } from '../../providers/local/description.ts';

const rows = [
  [
    Config,
    'executors memoizer dependency_resolver exit_mode garbage_collect internal_tasks_max_threads retries retry_handler run_dir std_autopath ' +
      'strategy strategy_period max_idletime monitoring usage_tracking project_name initialize_logging',
    'app_cache checkpoint_files checkpoint_mode checkpoint_period tags',
  ],
  [
    HighThroughputExecutor,
    'label provider launch_cmd interchange_launch_cmd address loopback_address worker_port worker_port_range interchange_port_range ' +
      'storage_access working_dir worker_debug cores_per_worker mem_per_worker max_workers_per_node cpu_affinity available_accelerators ' +
      'prefetch_capacity heartbeat_threshold heartbeat_period drain_period poll_period address_probe_timeout worker_logdir_root ' +
      'manager_selector block_error_handler encrypted remote_monitoring_radio',
    'max_workers worker_ports start_method managed enable_mpi_mode mpi_launcher',
  ],
  [ThreadPoolExecutor, 'label max_threads thread_name_prefix storage_access working_dir remote_monitoring_radio', ''],
  [
    LocalProvider,
    'nodes_per_block launcher init_blocks min_blocks max_blocks worker_init cmd_timeout parallelism',
    'channel move_files script_dir walltime',
  ],
  [SimpleLauncher, 'debug', ''],
  [SingleNodeLauncher, 'debug fail_on_any', ''],
] as const;

const toCamelCase = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

describe("options of Parsl's", () => {
  for (const [described, present, earlier] of rows) {
    it(`have a twin in ${described.schema.type}`, () => {
      const wanted = `${present} ${earlier}`.trim().split(' ').map(toCamelCase);
      expect(wanted.filter((name) => !described.schema.keys().includes(name))).to.deep.equal([]);
    });
  }
});
