import Foundation
import TestSupport
import Testing
import Yams

extension Commands {
  /// `launch/kubernetes` and `cluster/container`: the files are what the operator accepts, and agree with one another. No
  /// cluster is asked.
  @Suite struct KubernetesTests {
    private static func file(_ path: String) throws -> String {
      try text(MPIRun.repository.appendingPathComponent(path).path)
    }
    private var job: Node { get throws { try Yams.compose(yaml: Self.file("launch/kubernetes/mpijob.yaml"))! } }

    /// The pod of `Launcher` or `Worker`, and its one container.
    private func pod(_ role: String) throws -> Node {
      try #require(try job[path: ["spec", "mpiReplicaSpecs", role, "template", "spec"]])
    }
    private func container(_ role: String) throws -> Node { try #require(try pod(role)[path: ["containers", 0]]) }
    private func words(_ role: String, _ field: String) throws -> [String] {
      try container(role)[field]?.sequence?.compactMap(\.string) ?? []
    }

    @Test func theFilesAreWhatTheOperatorAccepts() throws {
      #expect(Schema.mpiJob.problems(of: try job) == [])
      let claim = try Yams.compose(yaml: Self.file("launch/kubernetes/pvc.yaml"))!
      #expect(Schema.claim.problems(of: claim) == [])
    }

    @Test(arguments: [
      ("slotsPerWorker: 4", "slotPerWorker: 4", "spec.slotPerWorker is no field"),
      ("slotsPerWorker: 4", "slotsPerWorker: four", "spec.slotsPerWorker is four, expected a number"),
      ("mpiImplementation: OpenMPI", "mpiImplementation: openmpi", "expected one of [\"Intel\""),
      ("- \"8\"", "- 8", "args[2] is 8, expected a text"),
      ("restartPolicy: Never", "restartPolicy: ExitCode", "Launcher.restartPolicy is ExitCode"),
      ("mountPath: /dev/shm", "path: /dev/shm", "with the field mountPath"),
      ("cleanPodPolicy: Running", "backOffLimit: 3", "spec.runPolicy.backOffLimit is no field"),
      ("sizeLimit: 1Gi", "sizeLimit: 1GB", "sizeLimit is 1GB, expected an amount"),
      ("containers:", "container:", "with the field containers"),
      ("replicas: 1", "replicas: 2", "Launcher.replicas is 2, expected a number of 1...1"),
      ("name: lockstep", "name: Lockstep", "metadata.name is Lockstep, expected a name of DNS"),
    ]) func aMistakeIsFound(written: String, mistaken: String, problem: String) throws {
      let text = try Self.file("launch/kubernetes/mpijob.yaml")
      #expect(text.contains(written))
      let broken = try Yams.compose(yaml: text.replacingOccurrences(of: written, with: mistaken))!
      let problems = Schema.mpiJob.problems(of: broken)
      #expect(problems.contains { $0.contains(problem) }, "\(mistaken): \(problems)")
    }

    @Test func launcherAndWorkersAgree() throws {
      let spec = try #require(try job["spec"])
      let workers = try #require(spec[path: ["mpiReplicaSpecs", "Worker", "replicas"]]?.int)
      let slots = try #require(spec["slotsPerWorker"]?.int)
      let words = try words("Launcher", "args")
      let ranks = words.firstIndex(of: "-n").flatMap { Int(words[$0 + 1]) }
      #expect(ranks == workers * slots, "\(words)")
      // Each rank has a core.
      let cores = try container("Worker")[path: ["resources", "limits", "cpu"]]?.string.flatMap(Int.init)
      #expect(cores == slots)
      #expect(try container("Launcher")["image"]?.string == container("Worker")["image"]?.string)
      #expect(words.contains("/etc/mpi/hostfile"))
      let claim = try Yams.compose(yaml: Self.file("launch/kubernetes/pvc.yaml"))!
      for role in ["Launcher", "Worker"] {
        let pod = try pod(role)
        let volumes = pod["volumes"]?.sequence?.map { $0 } ?? []
        let names = Set(volumes.compactMap { $0["name"]?.string })
        let mounts = try container(role)["volumeMounts"]?.sequence?.map { $0 } ?? []
        #expect(Set(mounts.compactMap { $0["name"]?.string }) == names, "\(role)")
        #expect(mounts.contains { $0["mountPath"]?.string == "/dev/shm" }, "\(role)")
        let claimed = volumes.compactMap { $0[path: ["persistentVolumeClaim", "claimName"]]?.string }
        #expect(claimed == [try #require(claim[path: ["metadata", "name"]]?.string)], "\(role)")
        #expect((pod["terminationGracePeriodSeconds"]?.int ?? 0) >= 120, "\(role)")
      }
      #expect(claim[path: ["spec", "accessModes", 0]]?.string == "ReadWriteMany")
    }

    @Test func theImageIsWhatTheJobNeeds() throws {
      let recipe = try Self.file("cluster/container/Dockerfile")
      let sshd = try Self.file("cluster/container/sshd_config")
      // One user.
      let user = try #require(recipe.firstMatch(of: /useradd --uid (\d+)/).flatMap { Int($0.1) })
      #expect(recipe.contains("\nUSER \(user):\(user)\n"))
      for role in ["Launcher", "Worker"] {
        let context = try #require(try pod(role)["securityContext"])
        #expect(context["runAsUser"]?.int == user && context["fsGroup"]?.int == user, "\(role)")
        #expect(context["runAsNonRoot"]?.bool == true, "\(role)")
      }
      // One port.
      let port = try #require(sshd.firstMatch(of: /(?m)^Port (\d+)$/).flatMap { Int($0.1) })
      #expect(try container("Worker")[path: ["ports", 0, "containerPort"]]?.int == port)
      #expect(try container("Worker")[path: ["readinessProbe", "tcpSocket", "port"]]?.int == port)
      #expect(recipe.contains("\nEXPOSE \(port)\n"))
      #expect(try Self.file("cluster/container/ssh_config").contains("Port \(port)\n"))
      #expect(try Self.file("cluster/container/entrypoint").contains("\nport=\(port) "))
      // The key where the operator mounts it; sshd with the configuration that was copied.
      let mount = try #require(try job[path: ["spec", "sshAuthMountPath"]]?.string)
      #expect(
        sshd.contains("\nHostKey \(mount)/id_rsa\n") && sshd.contains("\nAuthorizedKeysFile \(mount)/authorized_keys\n")
      )
      let command = try words("Worker", "command")
      #expect(command.first == "/usr/sbin/sshd" && command.contains("-De"))
      #expect(recipe.contains("cluster/container/sshd_config \(command.last!)\n"))
      // Paths in the image are those of the repository.
      let folder = try #require(recipe.matches(of: /(?m)^WORKDIR (\S+)$/).last?.1)
      let leave = try #require(
        try container("Worker")[path: ["lifecycle", "preStop", "exec", "command", 0]]?.string)
      let scripts = [
        String(leave.dropFirst(folder.count + 1)), try words("Launcher", "args")[0], "cluster/container/entrypoint",
      ]
      for script in scripts {
        let path = MPIRun.repository.appendingPathComponent(script).path
        #expect(FileManager.default.isExecutableFile(atPath: path), "\(script)")
      }
      #expect(recipe.contains("ENTRYPOINT [\"\(folder)/cluster/container/entrypoint\"]"))
      // What the image's build copies is in its context.
      let context = try Self.file(".dockerignore")
      for copied in recipe.matches(of: /(?m)^COPY (?:--chown=\S+ )?([A-Za-z]\S*)/).map({ String($0.1) }) {
        let parts = copied.split(separator: "/")
        let isIn = (1...parts.count).contains { context.contains("\n!\(parts.prefix($0).joined(separator: "/"))\n") }
        #expect(isIn && exists(MPIRun.repository.appendingPathComponent(copied).path), "\(copied)")
      }
    }

    @Test func theLaunchersCommandIsOneOfLockstep() throws {
      // With data that is not there it gets as far as that: its words are understood.
      let words = try words("Launcher", "args")
      let command = try #require(words.firstIndex(of: "lockstep"))
      let job = try MPIRun.startAlone(
        command: ["env", "-C", MPIRun.repository.path, MPIRun.executable("lockstep")] + words[(command + 1)...],
        timeoutSeconds: 30)
      let result = job.wait()
      #expect(result.code == 66 && result.errors.contains("/shared/data"), "\(result.summary)")
    }

    @Test func theEntrypointWaitsForTheHosts() throws {
      let script = MPIRun.repository.appendingPathComponent("cluster/container/entrypoint").path
      func run(_ hostfile: String) throws -> MPIRun.Result {
        try MPIRun.startAlone(
          command: [script, "echo", "started"],
          environment: ["OMPI_MCA_orte_default_hostfile": hostfile, "LOCKSTEP_HOSTS_SECONDS": "1"], timeoutSeconds: 30
        ).wait()
      }
      let alone = try run("/not/there")
      #expect(alone.code == 0 && alone.output == "started\n", "\(alone.summary)")
      let empty = try run(try Workplace.file("hostfile", "# nobody\n\n"))
      #expect(empty.code == 0 && empty.output == "started\n", "\(empty.summary)")
      let missing = try run(try Workplace.file("hostfile", "worker-0.lockstep.invalid slots=4\n"))
      #expect(missing.code == 1 && missing.output.isEmpty, "\(missing.summary)")
      #expect(missing.errors.contains("worker-0.lockstep.invalid of"), "\(missing.errors)")
    }
  }
}
