namespace Bft.Simulation.Clients;

/// <summary>What a client asked for.</summary>
public enum OperationKind
{
    /// <summary>Sets a key.</summary>
    Put,

    /// <summary>Removes a key.</summary>
    Delete,

    /// <summary>Reads a key in order.</summary>
    Read,
}

/// <summary>One operation of a client on one key, from the moment it was asked for to the answer.</summary>
public sealed class Operation
{
    /// <summary>Which client.</summary>
    public required int Client { get; init; }

    /// <summary>What.</summary>
    public required OperationKind Kind { get; init; }

    /// <summary>The key.</summary>
    public required string Key { get; init; }

    /// <summary>What is written; null for reads and deletes.</summary>
    public string? Value { get; init; }

    /// <summary>When it was asked for.</summary>
    public required TimeSpan Invoked { get; init; }

    /// <summary>When the client believed the answer; null while it waits: the operation may take effect at any time, or never.</summary>
    public TimeSpan? Returned { get; set; }

    /// <summary>What a read answered: null for absent. For a delete: whether the key was there, "found" or null.</summary>
    public string? Result { get; set; }

    /// <inheritdoc/>
    public override string ToString() =>
        $"client {Client} {Kind} {Key}{(Value is null ? "" : $" = {Value}")}{(Kind == OperationKind.Put ? "" : $" -> {Result ?? "absent"}")} [{Invoked.TotalMilliseconds:F3}, {(Returned is { } at ? $"{at.TotalMilliseconds:F3}" : "…")}] ms";
}

/// <summary>What all clients asked and were answered, in the order of asking.</summary>
public sealed class History
{
    private readonly List<Operation> _operations = [];

    /// <summary>All operations.</summary>
    public IReadOnlyList<Operation> Operations => _operations;

    /// <summary>Adds one that begins now.</summary>
    public void Begin(Operation operation) => _operations.Add(operation);
}
