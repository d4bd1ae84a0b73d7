namespace Bft.Engine.Execution;

/// <summary>Answers reads of the committed state, with proofs for recent heights. Any thread, at any time.</summary>
public sealed class StateReader(Executor executor, IApplication application)
{
    /// <summary>The value of a key at the last committed height, without a proof.</summary>
    public QueryResult Read(ReadOnlySpan<byte> key) => application.Query(key, null);

    /// <summary>
    /// The value of a key, or its absence, at a recent height with the proof of it: the height whose state point a certified header
    /// carries, which lags behind the last.
    /// </summary>
    /// <returns>Null when the height is not executed yet or no longer kept: ask for a newer one.</returns>
    public ProvedRead? Prove(ReadOnlySpan<byte> key, Height height)
    {
        if (executor.Recent(height) is not { } executed)
        {
            return null;
        }

        QueryResult answer = application.Query(key, height);
        return answer.Proof is null || answer.Height != height
            ? null
            : new ProvedRead(executed.Point, answer, new StateProof(height, executed.ApplicationRoot, executed.SessionsRoot, executed.Transactions, answer.Proof, executed.SharedKeysRoot));
    }
}

/// <summary>An answer that needs no trust in who gave it.</summary>
/// <param name="Point">The state point the proof is for.</param>
/// <param name="Answer">The value or its absence.</param>
/// <param name="Proof">The proof.</param>
public sealed record ProvedRead(StatePoint Point, QueryResult Answer, StateProof Proof);
