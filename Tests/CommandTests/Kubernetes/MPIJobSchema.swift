/// The fields of an MPIJob, kubeflow.org/v2beta1, as the MPI operator 0.8.2 defines them: names and types from
/// `manifests/base/kubeflow.org_mpijobs.yaml` of kubeflow/mpi-operator at caa3c47 (which holds Kubernetes' core/v1 for the pods, of
/// which only what `mpijob.yaml` uses is named here), words and bounds from its `pkg/apis/kubeflow/validation/validation.go`.
extension Schema {
  static let mpiJob = Schema.object(
    [
      "apiVersion": .word(["kubeflow.org/v2beta1"]), "kind": .word(["MPIJob"]), "metadata": metadata,
      "spec": .object(
        [
          "slotsPerWorker": count, "runLauncherAsWorker": .truth, "sshAuthMountPath": .text,
          "launcherCreationPolicy": .word(["AtStartup", "WaitForWorkersReady"]),
          "mpiImplementation": .word(["OpenMPI", "Intel", "MPICH"]), "runPolicy": runPolicy,
          "mpiReplicaSpecs": .object(
            ["Launcher": replica(1...1), "Worker": replica(1...Int(Int32.max))], required: ["Launcher"]),
        ], required: ["mpiReplicaSpecs"]),
    ], required: ["apiVersion", "kind", "metadata", "spec"])

  static let claim = Schema.object(
    [
      "apiVersion": .word(["v1"]), "kind": .word(["PersistentVolumeClaim"]), "metadata": metadata,
      "spec": .object(
        [
          "accessModes": .list(of: .word(["ReadWriteMany", "ReadWriteOnce", "ReadOnlyMany", "ReadWriteOncePod"])),
          "storageClassName": .text, "resources": .object(["requests": .object(["storage": .quantity])]),
        ], required: ["accessModes", "resources"]),
    ], required: ["apiVersion", "kind", "metadata", "spec"])

  private static let count = Schema.integer(0...Int(Int32.max))
  private static let port = Schema.integer(1...65535)
  private static let metadata = Schema.object(["name": .label, "namespace": .label], required: ["name"])

  private static let runPolicy = Schema.object([
    "activeDeadlineSeconds": count, "backoffLimit": count, "cleanPodPolicy": .word(["None", "Running", "All"]),
    "managedBy": .word(["kubeflow.org/mpi-operator", "kueue.x-k8s.io/multikueue"]), "suspend": .truth,
    "ttlSecondsAfterFinished": count,
    "schedulingPolicy": .object([
      "minAvailable": count, "priorityClass": .text, "queue": .text, "scheduleTimeoutSeconds": count,
    ]),
  ])

  private static func replica(_ count: ClosedRange<Int>) -> Schema {
    .object(
      [
        "replicas": .integer(count), "restartPolicy": .word(["Never", "OnFailure"]),
        "template": .object(["spec": pod], required: ["spec"]),
      ], required: ["template"])
  }

  private static let pod = Schema.object(
    [
      "containers": .list(of: container), "volumes": .list(of: volume), "terminationGracePeriodSeconds": count,
      "securityContext": .object([
        "runAsNonRoot": .truth, "runAsUser": count, "runAsGroup": count, "fsGroup": count,
        "fsGroupChangePolicy": .word(["OnRootMismatch", "Always"]),
        "seccompProfile": .object(
          ["type": .word(["RuntimeDefault", "Unconfined", "Localhost"])], required: ["type"]),
      ]),
    ], required: ["containers"])

  private static let container = Schema.object(
    [
      "name": .text, "image": .text, "command": .list(of: .text), "args": .list(of: .text),
      "ports": .list(of: .object(["name": .text, "containerPort": port], required: ["containerPort"])),
      "resources": .object(["requests": amounts, "limits": amounts]),
      "volumeMounts": .list(
        of: .object(["name": .text, "mountPath": .text, "readOnly": .truth], required: ["name", "mountPath"])),
      "securityContext": .object([
        "allowPrivilegeEscalation": .truth,
        "capabilities": .object(["drop": .list(of: .text), "add": .list(of: .text)]),
      ]),
      "readinessProbe": .object([
        "tcpSocket": .object(["port": port], required: ["port"]), "periodSeconds": count,
      ]),
      "lifecycle": .object(["preStop": .object(["exec": .object(["command": .list(of: .text)])])]),
    ], required: ["name"])

  private static let amounts = Schema.object(["cpu": .quantity, "memory": .quantity])

  private static let volume = Schema.object(
    [
      "name": .text,
      "persistentVolumeClaim": .object(["claimName": .text], required: ["claimName"]),
      "emptyDir": .object(["medium": .word(["", "Memory"]), "sizeLimit": .quantity]),
    ], required: ["name"])
}
