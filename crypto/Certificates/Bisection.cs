namespace Bft.Crypto.Certificates;

/// <summary>
/// Finds what spoils a whole that can only be checked part by part: k bad ones among n in at most about 2k·log n checks. A half that must hold the bad one,
/// because the other half is good, is not checked as a whole.
/// </summary>
internal sealed class Bisection(Func<int, int, bool> isGood)
{
    private readonly List<int> _bad = [];

    /// <summary>How many parts were checked.</summary>
    public int Checks { get; private set; }

    /// <summary>The bad ones of [0, count), ascending.</summary>
    /// <param name="count">How many there are.</param>
    /// <param name="knownBad">True when the whole was checked before, and is bad.</param>
    public IReadOnlyList<int> Find(int count, bool knownBad)
    {
        if (count > 0 && (knownBad || !Check(0, count)))
        {
            Split(0, count);
        }

        return _bad;
    }

    private void Split(int first, int count)
    {
        if (count == 1)
        {
            _bad.Add(first);
            return;
        }

        int half = count / 2;
        bool leftIsGood = Check(first, half);
        if (!leftIsGood)
        {
            Split(first, half);
        }

        if (leftIsGood || !Check(first + half, count - half))
        {
            Split(first + half, count - half);
        }
    }

    private bool Check(int first, int count)
    {
        Checks++;
        return isGood(first, count);
    }
}
